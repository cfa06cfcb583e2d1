"""Describes to subscribers what they are sent and how (AsyncAPI 3.0), from the very schemas that documents satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.feeding import VIEWS
from hub.model.queues import PREFIX, subscriber_queue
from hub.model.shapes import load_schema
from hub.subscription import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "caseEvent": ("case-event.v1", "One event of one case 办件事件, as the views intranet and restricted see it."),
    "publicCaseEvent": ("public-case-event.v1", "One event of one case 办件事件, as the public may see it."),
    "caseWithheld": (
        "case-withheld.v1",
        "A tombstone 撤回: the view shows this case no more; forget what it said of it.",
    ),
    "alert": ("alert.v1", "One alert 预警 as it stands now; never in the public view."),
}
"""What is sent: its schema, and what it is."""

CONTENT: Final = "application/cloudevents+json"
"""Structured CloudEvents 1.0."""

_KEY: Final = "<kind>.<city>.<county>.<department>.<type>"

_QUEUE: Final = f"""The queue of one subscriber, which its account alone may read. What is bound to it was said when \
it was taken in: routing keys are `{_KEY}`. Ack what you have handled; what is not acked comes again. The queue \
holds a limited number of documents and then drops its oldest: `streamsequence` counts the documents of one view, \
kind and county, so that the gap shows, and `GET /v1/feed?after=<sequence>` closes it."""

_FEED: Final = """The documents after a sequence, in order: `after` the last one handled, `wait` up to 25 seconds for \
news. An answer may repeat after a failure, and never skips."""

_STREAM: Final = """The same as server-sent events; the `id` of each is its `sequence`. A client that reconnects says \
`Last-Event-ID`."""

_WEBHOOK: Final = """The same posted to an address of the subscriber's, in order, signed as in Standard Webhooks 1.0. \
Answer 2xx once it is stored; know what is there already by `webhook-id`."""


def document(version: str) -> dict[str, Any]:
    """Return the AsyncAPI document; references point into it alone, so that it is read without a network."""
    components = {
        "messages": {name: _message(name, schema, said) for name, (schema, said) in MESSAGES.items()},
        "schemas": _schemas(),
        "securitySchemes": {
            "account": {"type": "userPassword", "description": "the account that was handed over"},
            "key": {"type": "http", "scheme": "bearer", "description": "the key that was handed over"},
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sunlight Hub 阳光枢纽: the feed 发布",
            "version": version,
            "description": "All that happens to cases and alerts, in order and numbered, redacted for each view.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT,
        "servers": _servers(),
        "channels": _channels(),
        "operations": _operations(),
        "components": components,
    }


def _servers() -> dict[str, Any]:
    broker = {"host": "{host}", "variables": {"host": {"description": "the broker's host and port"}}}
    gateway = {"host": "{host}", "variables": {"host": {"description": "the gateway's host and port"}}}
    key = [{"$ref": "#/components/securitySchemes/key"}]
    account = [{"$ref": "#/components/securitySchemes/account"}]
    return {
        "broker": {**broker, "protocol": "amqps", "protocolVersion": "0.9.1", "security": account},
        "gateway": {**gateway, "protocol": "https", "security": key},
        "receiver": {"host": "{host}", "protocol": "https", "variables": {"host": {"description": "your own host"}}},
    }


def _channels() -> dict[str, Any]:
    name = {"name": {"description": "the subscriber's name"}}
    queue = {"is": "queue", "queue": {"name": subscriber_queue("NAME"), "durable": True}, "bindingVersion": "0.3.0"}
    feeds = {
        f"feed_{view}": {
            "address": _KEY.replace("<", "{").replace(">", "}"),
            "title": f"the exchange {PREFIX}feed.{view}",
            "description": f"Where the hub publishes what the view {view} may see; queues are bound to it.",
            "parameters": _key_parameters(),
            "servers": [{"$ref": "#/servers/broker"}],
            "messages": _refs(view),
            "bindings": {"amqp": {"is": "routingKey", "exchange": _exchange(view), "bindingVersion": "0.3.0"}},
        }
        for view in VIEWS
    }
    return {
        **feeds,
        "queue": {
            **_channel(subscriber_queue("{name}"), "broker", _QUEUE, parameters=name),
            "bindings": {"amqp": queue},
        },
        "feed": _channel("/v1/feed", "gateway", _FEED),
        "stream": _channel("/v1/feed/stream", "gateway", _STREAM),
        "webhook": _channel("{path}", "receiver", _WEBHOOK, parameters={"path": {"description": "your own path"}}),
    }


def _channel(
    address: str, server: str, description: str, *, parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    said: dict[str, Any] = {"address": address, "description": description}
    if parameters:
        said["parameters"] = dict(parameters)
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in MESSAGES}
    return {**said, "servers": [{"$ref": f"#/servers/{server}"}], "messages": messages}


def _key_parameters() -> dict[str, Any]:
    return {
        "kind": {"enum": list(KINDS), "description": "what kind of document it is"},
        "city": {"description": "the city's division code (GB/T 2260)", "examples": ["321200"]},
        "county": {"description": "the county's division code, or the city's own", "examples": ["321281"]},
        "department": {"description": "the department's organisation code", "examples": ["11321200014000028L"]},
        "type": {"description": "the event's type, or the alert's state", "examples": ["case.accepted", "raised"]},
    }


def _exchange(view: str) -> dict[str, Any]:
    return {"name": f"{PREFIX}feed.{view}", "type": "topic", "durable": True, "autoDelete": False}


def _refs(view: str) -> dict[str, Any]:
    names = ["publicCaseEvent"] if view == "public" else ["caseEvent", "alert"]
    names.append("caseWithheld")
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _operations() -> dict[str, Any]:
    said = {
        "publish": [f"feed_{view}" for view in VIEWS],
        "deliver": ["queue"],
        "answer": ["feed"],
        "stream": ["stream"],
        "post": ["webhook"],
    }
    return {
        f"{verb}_{channel}": {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}
        for verb, channels in said.items()
        for channel in channels
    }


def _message(name: str, schema: str, said: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "summary": said,
        "contentType": CONTENT,
        "payload": {"$ref": f"#/components/schemas/{schema}"},
    }


def _schemas() -> dict[str, Any]:
    """Return every schema and its definitions, each under a name of its own."""
    found: dict[str, Any] = {}
    for schema, _ in MESSAGES.values():
        loaded = load_schema(schema)
        definitions = loaded.pop("$defs", {})
        found[schema] = _moved(loaded, schema)
        found |= {f"{schema}.{name}": _moved(each, schema) for name, each in definitions.items()}
    return found


def _moved(node: Any, schema: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a schema with its references turned to where its definitions stand now, and without its own name."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key not in ("$schema", "$id", "x-codes")}
        reference = kept.get("$ref")
        if isinstance(reference, str):
            kept["$ref"] = reference.replace("#/$defs/", f"#/components/schemas/{schema}.")
        return {key: _moved(value, schema) if key != "$ref" else value for key, value in kept.items()}
    return [_moved(each, schema) for each in node] if isinstance(node, list) else node
