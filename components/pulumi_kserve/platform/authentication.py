"""Who may call endpoints through a gateway: said by name, never by silence.

https://gateway.envoyproxy.io/docs/tasks/security/ and https://istio.io/latest/docs/concepts/security/
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from pulumi_kserve.contracts import DnsLabel
from pulumi_kserve.inputs import In
from pulumi_kserve.models import OneOf, Spec

__all__ = ["Anonymous", "ApiKeys", "Auth", "Jwt"]

_HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$")]


class Jwt(Spec):
    """A token of an OpenID Connect provider, or of anybody who signs JSON Web Tokens, in ``Authorization: Bearer``."""

    issuer: str = Field(min_length=1)
    """The issuer that the token must name, for example ``https://login.example.com``."""
    audiences: tuple[str, ...] = Field(min_length=1)
    """The token must name at least one of these; an issuer's other tokens open nothing."""
    jwks_uri: _HttpsUrl | None = None
    """Where the issuer publishes its keys, over HTTPS. Exactly one of this and `jwks`."""
    jwks: str | None = None
    """The issuer's public keys, as the text of a JSON Web Key Set. Exactly one of this and `jwks_uri`."""

    @model_validator(mode="after")
    def _keys_once(self) -> Self:
        if (self.jwks_uri is None) == (self.jwks is None):
            raise ValueError("say where the issuer's public keys are: exactly one of jwks_uri (YAML: jwksUri) and jwks")
        return self


class ApiKeys(Spec):
    """A key for each client in a header. Clients' names are known to the gateway; keys are secrets."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", to_lower=True)] = "x-api-key"
    """The header that carries the key."""
    keys: dict[DnsLabel, In[str]] = Field(default_factory=dict)
    """The key of each client, by the client's name; give secret Outputs. Exactly one of this and `secret`."""
    secret: DnsLabel | None = None
    """An existing Secret in the gateway's namespace: client names as its keys. Exactly one of this and `keys`."""

    @model_validator(mode="after")
    def _keys_once(self) -> Self:
        if bool(self.keys) == (self.secret is not None):
            raise ValueError("say the clients' keys exactly once: as keys, or as the name of a secret")
        return self


class Anonymous(Spec):
    """Nobody proves who they are."""

    reason: str = Field(min_length=10)
    """Why that is right, in words for whoever reviews it; at least 10 characters."""


Auth = Annotated[Jwt | ApiKeys | Anonymous, OneOf(jwt=Jwt, apiKeys=ApiKeys, anonymous=Anonymous)]
