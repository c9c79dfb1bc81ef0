"""Who may call endpoints through a gateway: said by name, never by silence.

https://gateway.envoyproxy.io/docs/tasks/security/ and https://istio.io/latest/docs/concepts/security/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, cast

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec, is_mapping

__all__ = ["Anonymous", "ApiKeys", "Auth", "Jwt"]

_LONGEST: Final = 253
"""What Envoy Gateway takes as an issuer, and as the URI of its keys."""
_SHORTEST_KEY: Final = 16
_SECRET_PARTS: Final = frozenset({"d", "k"})
"""The members of a JSON Web Key that hold a private, or a shared, key: RFC 7518, sections 6.2 to 6.4."""

_HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$", max_length=_LONGEST)]


def _public_keys(text: Any) -> Any:
    """No message shows the text: it may hold what is secret."""
    if text is None:
        return None
    try:
        content: Any = json.loads(text)
    except (ValueError, TypeError):
        raise ValueError("it is not JSON; give the text that the issuer publishes at its jwks_uri") from None
    found: Any = content.get("keys") if is_mapping(content) else None
    if not isinstance(found, list) or not found:
        raise ValueError("it is not a JSON Web Key Set, which is a mapping with the list 'keys', not empty")
    for key in cast("Sequence[Any]", found):
        if not is_mapping(key) or "kty" not in key:
            raise ValueError("one of its keys has no 'kty'; give the text that the issuer publishes at its jwks_uri")
        if _SECRET_PARTS & key.keys():
            raise ValueError(
                "it holds a private or a shared key, for everybody in the cluster to read; give public keys"
            )
    return text


def _hard_to_guess(key: Any) -> Any:
    """The message does not show the key."""
    right = isinstance(key, str) and key == key.strip() and key.isascii() and key.isprintable()
    if not right or len(key) < _SHORTEST_KEY:
        raise ValueError(
            f"a key needs at least {_SHORTEST_KEY} printable ASCII characters, without spaces around them; "
            "`openssl rand -hex 32` makes a good one"
        )
    return key


_ApiKey = Annotated[str, BeforeValidator(_hard_to_guess)]


class Jwt(Spec):
    """A token of an OpenID Connect provider, or of anybody who signs JSON Web Tokens, in ``Authorization: Bearer``.

    The gateway keeps the token to itself: the model does not see it.
    """

    issuer: Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST)]
    """The issuer that the token must name, for example ``https://login.example.com``; at most 253 characters."""
    audiences: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(min_length=1, max_length=8)
    """The token must name at least one of these, 1 to 8; an issuer's other tokens open nothing."""
    jwks_uri: _HttpsUrl | None = None
    """Where the issuer publishes its keys, over HTTPS with a certificate that public authorities vouch for; at most 253
    characters. Exactly one of this and `jwks`."""
    jwks: Annotated[str | None, BeforeValidator(_public_keys)] = None
    """The issuer's public keys, as the text of a JSON Web Key Set. Exactly one of this and `jwks_uri`."""

    @field_validator("jwks")
    @classmethod
    def _keys_once(cls, jwks: str | None, info: ValidationInfo) -> str | None:
        if "jwks_uri" in info.data and (info.data["jwks_uri"] is None) == (jwks is None):
            raise ValueError("say where the issuer's public keys are: exactly one of jwks_uri (YAML: jwksUri) and jwks")
        return jwks


class ApiKeys(Spec):
    """A key for each client in a header. Clients' names are known to the gateway; keys are secrets.

    The gateway keeps the key to itself: the model does not see it.
    """

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", to_lower=True)] = "x-api-key"
    """The header that carries the key. With ``authorization`` it is ``Authorization: Bearer <key>``, which clients of
    the OpenAI protocol send."""
    keys: dict[DnsLabel, In[_ApiKey]] = Field(default_factory=dict, repr=False)
    """The key of each client, by the client's name; give secret Outputs. At least 16 characters, and no two the same.
    Exactly one of this and `secret`."""
    secret: DnsLabel | None = None
    """An existing Secret in the gateway's namespace: client names as its keys. Exactly one of this and `keys`."""

    @field_validator("keys")
    @classmethod
    def _no_two_the_same(cls, keys: dict[str, In[str]]) -> dict[str, In[str]]:
        plain: dict[str, str] = {}
        for client, key in keys.items():
            if isinstance(key, str) and key in plain:
                raise ValueError(f"{plain[key]} and {client} have the same key; give each client its own")
            if isinstance(key, str):
                plain[key] = client
        return keys

    @field_validator("secret")
    @classmethod
    def _keys_once(cls, secret: str | None, info: ValidationInfo) -> str | None:
        if "keys" in info.data and bool(info.data["keys"]) == (secret is not None):
            raise ValueError("say the clients' keys exactly once: as keys, or as the name of a secret")
        return secret


class Anonymous(Spec):
    """Nobody proves who they are."""

    reason: str = Field(min_length=10)
    """Why that is right, in words for whoever reviews it; at least 10 characters."""


Auth = Annotated[Jwt | ApiKeys | Anonymous, OneOf(jwt=Jwt, apiKeys=ApiKeys, anonymous=Anonymous)]
