"""JSON Schema of a command's settings: the fields of the run, and for each component one schema
per kind.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from quantamm_cli.config.components import load_components, load_strategies, load_studies
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.docstrings import paragraphs
from quantamm_cli.settings.run import Simulate, Train


class _Lenient(GenerateJsonSchema):
    """A field that JSON Schema cannot describe accepts any value."""

    def handle_invalid_for_json_schema(
        self, schema: core_schema.CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        return {}


def json_schema(command: str) -> JsonSchemaValue:
    """The schema of the settings that ``qsim config show COMMAND`` prints."""
    load_components()
    if command == "compete":
        schema = _competition()
    else:
        schema = _object(Simulate if command == "simulate" else Train, "")
    if command == "tune":
        schema["properties"] |= _study()
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": f"qsim {command}"} | schema


def _competition() -> JsonSchemaValue:
    """The schema of a competition; it leaves the settings of each strategy open."""
    from quantamm_cli.settings.compete import Compete

    load_strategies()
    schema = _object(Compete, "")
    entry = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
        "required": ["kind"],
    }
    for market in schema["properties"]["market"]["oneOf"]:
        market["properties"].pop("data", None)
    schema["properties"]["data"] = _one_of("data")
    items = {"anyOf": [{"type": "string"}, entry]}
    schema["properties"]["strategies"] = {"type": "array", "minItems": 1, "items": items}
    changes = {"type": "object", "additionalProperties": {"type": "object"}}
    schema["properties"]["strategy"] = changes
    return schema


def _study() -> JsonSchemaValue:
    """The schema of what ``tune`` has beside the settings of a training."""
    from quantamm_cli.tuning.settings import Study

    load_studies()
    return {"space": {"type": "object"}, "study": _object(Study, "study")}


def _one_of(group: str) -> JsonSchemaValue:
    """The schema of a component of any kind."""
    return {"oneOf": [_object(kind, group) for _, kind in sorted(REGISTER[group].items())]}


def _object(cls: type[BaseModel], group: str) -> JsonSchemaValue:
    described = cls.model_json_schema(schema_generator=_Lenient)
    definitions = described.pop("$defs", {})
    properties = {
        name: _inlined(field, definitions)
        for name, field in described.get("properties", {}).items()
    }
    for name in properties:
        place = f"{group}/{name}".strip("/")
        if REGISTER.get(place):
            properties[name] = _one_of(place)
    if issubclass(cls, Component) and group:
        properties = {"kind": {"const": cls.kind}} | properties
    summary = paragraphs(cls.__doc__).partition("\n\n")[0]
    return {
        "type": "object",
        "description": summary,
        "properties": properties,
        "additionalProperties": False,
    }


def _inlined(schema: Any, definitions: JsonSchemaValue, key: str = "") -> Any:
    """The schema with its references replaced; the schemas are small and not recursive."""
    if key == "description" and isinstance(schema, str):
        return paragraphs(schema)
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions.get(schema["$ref"].rsplit("/", 1)[-1], {}), definitions)
        return {key: _inlined(value, definitions, key) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    return schema
