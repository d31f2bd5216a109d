"""By openapi-python-client: sends an image as a part of a form."""

import json
import sys

from facefleet_client import Client
from facefleet_client.api.jobs import get_job, submit_job
from facefleet_client.models import Job, JobForm, JobPart, Task
from facefleet_client.types import File

url, path = sys.argv[1:]
client = Client(base_url=url, timeout=60)
with open(path, "rb") as image:
    form = JobForm(job=JobPart(task=Task.EMBED), image=File(image, "portrait.png", "image/png"))
    submitted = submit_job.sync(client=client, body=form)
assert isinstance(submitted, Job), submitted
job = get_job.sync(submitted.id, client=client, wait=30)
assert isinstance(job, Job), job
faces = job.result.faces
print(json.dumps({"state": job.state, "faces": len(faces), "left": faces[0].landmarks.left_eye.x}))
