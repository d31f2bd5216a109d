"""Says what is wrong with the manifests on standard input: validate.py KUBERNETES_VERSION...

Kubernetes' own resources are held to its schema of each version, others to the model of their definition. A field that
is in neither is a fault as well. The exit status is 1 when there is any.
"""

import sys

import kubernetes_validate
import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus
from pydantic import ValidationError

models = {
    ("keda.sh/v1alpha1", "ScaledObject"): keda.ScaledObject,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): keda.TriggerAuthentication,
    ("monitoring.coreos.com/v1", "PodMonitor"): prometheus.PodMonitor,
}


def faults_by_schema(document, versions):
    for version in versions:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError as error:
            yield error.message
        except kubernetes_validate.ValidationError as error:
            yield f"{version}: {'.'.join(map(str, error.absolute_path))}: {error.message}"


def faults_by_model(document, model):
    try:
        known = model.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except ValidationError as error:
        yield from str(error).splitlines()
        return
    # Models drop fields that they do not know, and read "3" as 3.
    yield from differences(document, known, "")


def differences(given, known, path):
    if isinstance(given, dict) and isinstance(known, dict):
        for key in given:
            yield from differences(given[key], known.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(given, list) and isinstance(known, list):
        for index, item in enumerate(given):
            yield from differences(item, known[index], f"{path}.{index}")
    elif given != known:
        yield f"{path}: Expected {known!r} but received {given!r}"


def faults(document, versions):
    model = models.get((document["apiVersion"], document["kind"]))
    return faults_by_model(document, model) if model else faults_by_schema(document, versions)


lines = [
    f"{document['kind']} {document['metadata']['name']}: {fault}"
    for document in yaml.safe_load_all(sys.stdin)
    for fault in faults(document, sys.argv[1:])
]
print("\n".join(lines))
sys.exit(1 if lines else 0)
