"""JSON Schema of a command's settings: the fields of the run,
and at each place of a component one schema per kind.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from quantamm_cli.config.components import load_components, load_strategies
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.docstrings import paragraphs
from quantamm_cli.settings.run import Simulate, Train


class _Lenient(GenerateJsonSchema):
    """A field JSON has no word for is any value."""

    def handle_invalid_for_json_schema(
        self, schema: core_schema.CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        return {}


def json_schema(command: str) -> JsonSchemaValue:
    """The schema of what ``qsim config show COMMAND`` prints."""
    load_components()
    schema = (
        _competition()
        if command == "compete"
        else _object(Simulate if command == "simulate" else Train, "")
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"qsim {command}",
    } | schema


def _competition() -> JsonSchemaValue:
    """Strategies are named, or given with settings; what these are, each strategy says."""
    from quantamm_cli.settings.compete import Compete

    load_strategies()
    schema = _object(Compete, "")
    given = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
        "required": ["kind"],
    }
    for market in schema["properties"]["market"]["oneOf"]:
        market["properties"].pop("data", None)
    schema["properties"]["data"] = {
        "oneOf": [_object(kind, "data") for _, kind in sorted(REGISTER["data"].items())]
    }
    schema["properties"]["strategies"] = {
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [{"type": "string"}, given]},
    }
    schema["properties"]["strategy"] = {
        "type": "object",
        "additionalProperties": {"type": "object"},
    }
    return schema


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
            properties[name] = {
                "oneOf": [_object(kind, place) for _, kind in sorted(REGISTER[place].items())]
            }
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
    """References written out: the schemas are small and not recursive."""
    if key == "description" and isinstance(schema, str):
        return paragraphs(schema)
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions.get(schema["$ref"].rsplit("/", 1)[-1], {}), definitions)
        return {key: _inlined(value, definitions, key) for key, value in schema.items()}
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema
