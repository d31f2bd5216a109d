"""Writes the types of the client from the service's OpenAPI description, and the sync client from the async one.

    python clients/python/generate.py           # writes src/facefleet/_wire.py, _requests.py and _client.py
    python clients/python/generate.py --check   # says whether they are as they would be

Needs datamodel-code-generator, of the version that pyproject.toml names.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from datamodel_code_generator import DataModelType, InputFileType, LiteralType, PythonVersion, generate
from datamodel_code_generator.format import Formatter

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "docs" / "openapi.json"
PACKAGE = HERE / "src" / "facefleet"
HEADER = '"""Generated from the OpenAPI description by generate.py; change that, not this file."""'

ANSWERS = [
    *("Batch", "BatchEvent", "BatchLine", "BatchList", "FleetAnswer", "Job", "JobEvent", "JobList", "ModelsAnswer"),
    *("Upload", "WebhookAttempts", "WebhookSecret"),
]
REQUESTS = ["BatchItem", "GivenEmbedding", "ImageRef", "JobOptions"]


# What only the service checks: a client that did so, too, would refuse what a newer service allows.
CHECKS = {
    *("additionalProperties", "default", "format", "maxItems", "maxLength", "maxProperties", "maximum"),
    *("minItems", "minLength", "minProperties", "minimum", "pattern", "uniqueItems", "examples", "example"),
}


def main() -> int:
    schemas = json.loads(SOURCE.read_text())["components"]["schemas"]
    files = {
        "_wire.py": written(part(schemas, ANSWERS, open_ended=True), DataModelType.PydanticV2BaseModel),
        "_requests.py": written(part(schemas, REQUESTS, open_ended=False), DataModelType.TypingTypedDict),
    }
    files["_client.py"] = sync_client((PACKAGE / "_async_client.py").read_text())
    stale = [name for name, text in files.items() if current(name) != text]
    for name in stale:
        if "--check" in sys.argv:
            print(
                f"clients/python/src/facefleet/{name} is stale: run python clients/python/generate.py", file=sys.stderr
            )
        else:
            (PACKAGE / name).write_text(files[name])
            print(f"{name} written")
    return 1 if stale and "--check" in sys.argv else 0


# What the sync client has in place of the async one's.
SYNC = [
    (
        r'^"""The async client, of which generate.py makes the sync one."""',
        '"""Generated from _async_client.py by generate.py; change that, not this file."""',
    ),
    (r"import asyncio\n", ""),
    (r"asyncio\.sleep", "time.sleep"),
    (r"Awaitable\[(\w+)\]", r"\1"),
    (r"AsyncIterator, Awaitable, Callable, Iterable, Mapping", "Callable, Iterable, Iterator, Mapping"),
    (r"an `async with`", "a `with`"),
    (r"\b(async|await) ", ""),
    (r"\bAsync(FacefleetClient|Iterator)", r"\1"),
    (r"httpx\.AsyncClient", "httpx.Client"),
    (r"\b(__)?a(enter__|exit__|close|read|iter_lines)\b", r"\1\2"),
]


def sync_client(text: str) -> str:
    for pattern, replacement in SYNC:
        text = re.sub(pattern, replacement, text)
    return text


def current(name: str) -> str | None:
    path = PACKAGE / name
    return path.read_text() if path.exists() else None


def part(schemas: dict[str, Any], names: list[str], *, open_ended: bool) -> dict[str, Any]:
    """The schemas of these names, and what they name."""
    found: dict[str, Any] = {}

    def add(name: str) -> None:
        if name in found:
            return
        found[name] = {}
        found[name] = loosened(schemas[name], open_ended)
        for reference in references(found[name]):
            add(reference)

    for name in names:
        add(name)
    return found


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for child in node for name in references(child)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].rsplit("/", 1)[1]] if isinstance(node.get("$ref"), str) else []
    return own + [name for key, child in node.items() if key != "$ref" for name in references(child)]


def loosened(node: Any, open_ended: bool) -> Any:
    """A schema without what only the service checks. A word that is not known yet is none the worse."""
    if isinstance(node, list):
        return [loosened(child, open_ended) for child in node]
    if not isinstance(node, dict):
        return node
    if "patternProperties" in node:
        (values,) = node["patternProperties"].values()
        kept = {"description": node["description"]} if "description" in node else {}
        return {"type": "object", **kept, "additionalProperties": loosened(values, open_ended)}
    kept = {key: loosened_value(key, child, open_ended) for key, child in node.items() if not is_check(key, child)}
    if open_ended and len(kept.get("enum", [])) > 1:
        words = {"type": "string", "enum": kept.pop("enum")}
        kept.pop("type", None)
        return {**kept, "anyOf": [words, {"type": "string"}]}
    return kept


def loosened_value(key: str, child: Any, open_ended: bool) -> Any:
    if key == "properties":
        return {name: loosened(schema, open_ended) for name, schema in child.items()}
    return child if key in ("enum", "const", "required") else loosened(child, open_ended)


def is_check(key: str, child: Any) -> bool:
    return key in CHECKS and not (key == "additionalProperties" and isinstance(child, dict))


def written(schemas: dict[str, Any], model: DataModelType) -> str:
    info = {"title": "Facefleet", "version": "1"}
    document = {"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": schemas}}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "types.py"
        generate(
            json.dumps(document),
            input_file_type=InputFileType.OpenAPI,
            output=output,
            output_model_type=model,
            custom_file_header=HEADER,
            enum_field_as_literal=LiteralType.All,
            snake_case_field=model is DataModelType.PydanticV2BaseModel,
            base_class="facefleet._model.Model" if model is DataModelType.PydanticV2BaseModel else "",
            target_python_version=PythonVersion.PY_310,
            use_standard_collections=True,
            use_union_operator=True,
            use_schema_description=True,
            use_field_description=True,
            collapse_root_models=model is DataModelType.PydanticV2BaseModel,
            disable_timestamp=True,
            formatters=[Formatter.BUILTIN],
        )
        return output.read_text()


if __name__ == "__main__":
    sys.exit(main())
