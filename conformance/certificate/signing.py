"""Signs documents as JWS (RFC 7515) over their canonical JSON (RFC 8785), and holds signatures to pinned keys."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Final

import orjson
import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from hub.errors import Fault, Misconfigured, Refused, Rejection, in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from joserfc.jws import GeneralJSONSerialization

    from hub.signer import Signer

EDDSA: Final = "Ed25519"
"""RFC 9864's name of EdDSA over Curve25519: it says the curve, as `EdDSA` does not."""

SM2: Final = "SM2"
"""The second slot: SM2 with SM3 (GB/T 32918.2, GB/T 32905). JWS has registered no name for it; nothing signs with it
yet, and a reader that cannot check it says so."""

MOST_BYTES: Final = 64 << 20
"""Bytes that a signed document may have: the status list of a whole province, not what would fill a memory."""

Pinned = dict[str, OKPKey]
"""Issuer's public keys that are trusted, by key id."""


class _Registry(JWSRegistry):
    """Takes one algorithm, and documents as long as ours are: the library's own limit is a list of 500 certificates."""

    max_payload_length = MOST_BYTES


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one spelling of a document (RFC 8785)."""
    return rfc8785.dumps(dict(document))


def digest(document: Mapping[str, Any]) -> str:
    """Name a document by the SHA-256 of its canonical spelling."""
    return hashlib.sha256(canonical(document)).hexdigest()


def public_key(signer: Signer) -> OKPKey:
    """Return the key that `signer` signs with, as others pin it; its id is its thumbprint (RFC 7638)."""
    return OKPKey.import_key(signer.key.public_key(), {"use": "sig", "alg": EDDSA})


def key_id(signer: Signer) -> str:
    """Name the key that `signer` signs with."""
    return public_key(signer).thumbprint()


def sign(document: Mapping[str, Any], *, typ: str, signer: Signer) -> bytes:
    """Return `document` as JWS in general JSON serialization: room for a second signature beside the first."""
    protected = {"alg": EDDSA, "kid": key_id(signer), "typ": f"{typ}+jws"}
    key = OKPKey.import_key(signer.key)
    signed = jws.serialize_json([{"protected": protected}], canonical(document), key, algorithms=[EDDSA])
    return orjson.dumps(signed, option=orjson.OPT_INDENT_2)


def sign_compact(document: Mapping[str, Any], *, typ: str, signer: Signer) -> str:
    """Return `document` as JWS in compact serialization, for where it travels within another document."""
    protected = {"alg": EDDSA, "kid": key_id(signer), "typ": f"{typ}+jws"}
    return jws.serialize_compact(protected, canonical(document), OKPKey.import_key(signer.key), algorithms=[EDDSA])


def read_compact(signed: str, *, typ: str, pinned: Pinned) -> dict[str, Any]:
    """Return the document of a JWS in compact serialization, as `read` does of one in general JSON serialization."""
    protected, payload, signature = [*signed.split("."), "", ""][:3]
    value = {"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}
    return read(orjson.dumps(value), typ=typ, pinned=pinned)


def read(signed: bytes, *, typ: str, pinned: Pinned) -> dict[str, Any]:
    """Return the document, if a pinned key signed exactly these bytes as a `typ`; raise Refused with why not."""
    value = _parsed(signed)
    found = [each for each in (_header(raw) for raw in value["signatures"]) if each.get("alg") == EDDSA]
    if len(found) != 1:
        raise refused("signature.none", f"it has {len(found)} {EDDSA} signatures", "use the file as it was issued")
    header = found[0]
    if header.get("typ") != f"{typ}+jws":
        raise refused("signature.type", f"it was signed as {header.get('typ')!r}, not as {typ!r}", "use the right file")
    key = pinned.get(str(header.get("kid")))
    if key is None:
        hint = "pin the issuer's key (sunlight conformance issuer) from a source you trust"
        raise refused("signature.key", f"key {header.get('kid')!r} is not one of the issuer's", hint)
    return _verified(value, key)


def _parsed(signed: bytes) -> dict[str, Any]:
    hint = "use the file as it was issued"
    if len(signed) > MOST_BYTES:
        raise refused("signature.size", f"it has more than {MOST_BYTES:,} bytes", hint)
    try:
        value = orjson.loads(signed)
    except orjson.JSONDecodeError as broken:
        raise refused("signature.json", f"it is no JSON: {in_words(broken)}", hint) from broken
    listed = value.get("signatures") if isinstance(value, dict) else None
    if not (isinstance(listed, list) and listed and set(value) == {"payload", "signatures"}):
        raise refused("signature.json", "it is no JWS in general JSON serialization", hint)
    return dict(value)


def _header(raw: object) -> dict[str, Any]:
    """Return what a signature says of itself under its own protection; nothing where that cannot be read."""
    try:
        encoded = raw["protected"] if isinstance(raw, dict) else ""
        return dict(orjson.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))))
    except (KeyError, TypeError, ValueError):
        return {}


def _verified(value: dict[str, Any], key: OKPKey) -> dict[str, Any]:
    own = [each for each in value["signatures"] if _header(each).get("alg") == EDDSA]
    try:
        alone: GeneralJSONSerialization = {"payload": value["payload"], "signatures": own}
        payload = jws.deserialize_json(alone, key, registry=_Registry(algorithms=[EDDSA])).payload
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise refused("signature.broken", "its signature does not hold", "use the file as it was issued") from wrong
    document = orjson.loads(payload)
    if not isinstance(document, dict) or canonical(document) != payload:
        raise refused("signature.spelling", "what was signed is not canonical JSON (RFC 8785)", "have it issued anew")
    return document


def refused(code: str, problem: str, hint: str) -> Refused:
    """Return why a document is not believed."""
    return Refused(Rejection(stage="authorise", code=code, problem=problem, hint=hint))


def jwks(*keys: OKPKey) -> bytes:
    """Write public keys as a key set (RFC 7517), for others to pin."""
    listed = [{**key.as_dict(private=False), "kid": key.thumbprint()} for key in keys]
    return orjson.dumps({"keys": listed}, option=orjson.OPT_INDENT_2)


def pinned_in(path: Path) -> Pinned:
    """Read the issuer's pinned keys; Misconfigured where the file holds none."""
    try:
        keys = [OKPKey.import_key(each) for each in orjson.loads(path.read_bytes())["keys"]]
    except (OSError, ValueError, KeyError, TypeError, JoseError) as wrong:
        hint = "name a key set made by `sunlight conformance issuer --out FILE`"
        raise Misconfigured(
            Fault(code="issuer.keys", problem=f"it holds no keys: {in_words(wrong)}", file=str(path), hint=hint)
        ) from wrong
    return pinned(*keys)


def pinned(*keys: OKPKey) -> Pinned:
    """Trust `keys`, by their thumbprints and nothing they say of themselves."""
    return {key.thumbprint(): key for key in keys}


def document_in(signed: bytes) -> dict[str, Any]:
    """Read a certificate of our own, which was verified when it was issued."""
    payload = str(orjson.loads(signed)["payload"])
    document: dict[str, Any] = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return document
