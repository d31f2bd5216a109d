"""By openapi-generator, for Python: sends an image in JSON."""

import base64
import json
import sys

import facefleet_client as facefleet

url, path = sys.argv[1:]
with open(path, "rb") as image:
    picture = facefleet.InlineImage(data=base64.b64encode(image.read()).decode())
jobs = facefleet.JobsApi(facefleet.ApiClient(facefleet.Configuration(host=url)))
request = facefleet.AnalysisRequest(task="embed", image=facefleet.RequestImage(picture))
submitted = jobs.submit_job(facefleet.JobRequest(request))
job = jobs.get_job(submitted.id, wait=30)
faces = job.result.actual_instance.faces
print(json.dumps({"state": job.state, "faces": len(faces), "left": faces[0].landmarks.left_eye.x}))
