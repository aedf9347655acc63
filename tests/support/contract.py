"""A small OpenAPI contract for tests through real sockets, and the policy that goes with it."""

from __future__ import annotations

from typing import Any

API_HOST = "api.example"
"""The one authority that the test gateway serves."""

_OK: dict[str, Any] = {"200": {"description": "done"}}


def operation(name: str, **more: Any) -> dict[str, Any]:
    """An operation without parameters or body."""
    return {"operationId": name, "responses": _OK, **more}


def parameter(name: str, where: str, **schema: Any) -> dict[str, Any]:
    """A parameter; path parameters are required as OpenAPI demands."""
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def body(media_type: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """A request body of one media type."""
    return {"requestBody": {"required": required, "content": {media_type: {"schema": schema}}}}


def document(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Test API", "version": "1"},
        "paths": paths,
        **more,
    }


THING: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 200_000},
        "count": {"type": "integer"},
        "price": {"type": "number"},
        "flag": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "user": {"type": "string"},
        "role": {"type": "string"},
        "otp": {"type": "string"},
        "id": {"type": "string"},
        "any": {},
    },
}

PATHS: dict[str, Any] = {
    "/health": {"get": operation("health")},
    "/public/page": {"get": operation("publicPage")},
    "/public/health": {"get": operation("publicHealth")},
    "/admin": {"get": operation("admin", security=[{"key": []}])},
    "/admin/users": {"get": operation("adminUsers", security=[{"key": []}])},
    "/private": {
        "get": operation("private", security=[{"key": []}]),
        "post": operation("privatePost", security=[{"key": []}], **body("text/plain", {})),
    },
    "/token": {"get": operation("token", security=[{"bearer": []}])},
    "/forwarded-token": {"get": operation("forwardedToken", security=[{"bearer": []}])},
    "/things": {
        "get": operation(
            "listThings",
            parameters=[
                parameter("q", "query", type="string"),
                parameter("id", "query", type="string"),
                parameter("page", "query", type="integer"),
                parameter("tag", "query", type="array", items={"type": "string"}),
                parameter("X-Shop", "header", type="string"),
            ],
        ),
        "post": operation("createThing", **body("application/json", THING)),
    },
    "/things/{id}": {
        "parameters": [parameter("id", "path", type="string")],
        "get": operation("getThing"),
        "delete": operation("deleteThing"),
        "put": operation("putThing", **body("application/json", THING)),
    },
    "/slugs/{slug}": {
        "parameters": [parameter("slug", "path", type="string", pattern="^[a-z]+$")],
        "get": operation("getSlug"),
    },
    "/notes/{id}": {
        "parameters": [parameter("id", "path", type="string")],
        "delete": operation("deleteNote", **body("application/json", THING, required=False)),
    },
    "/users/{id}": {
        "parameters": [parameter("id", "path", type="string")],
        "get": operation("getUser"),
    },
    "/files/{name}": {
        "parameters": [parameter("name", "path", type="string")],
        "get": operation("getFile"),
    },
    "/blobs/{name}": {
        "parameters": [parameter("name", "path", type="string")],
        "get": operation("getBlob"),
        "put": operation("putBlob", **body("application/octet-stream", {})),
    },
    "/text": {"post": operation("postText", **body("text/plain", {}))},
    "/form": {
        "post": operation(
            "postForm",
            **body(
                "application/x-www-form-urlencoded",
                {
                    "type": "object",
                    "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                },
            ),
        )
    },
    "/upload": {
        "post": operation(
            "upload",
            **body(
                "multipart/form-data",
                {
                    "type": "object",
                    "properties": {"note": {"type": "string"}, "file": {"type": "string"}},
                },
            ),
        )
    },
    "/static": {"post": operation("postStatic"), "get": operation("getStatic")},
    "/static/{file}": {
        "parameters": [parameter("file", "path", type="string")],
        "get": operation("getStaticFile"),
    },
    "/api/admin": {"get": operation("apiAdmin", security=[{"key": []}])},
    "/api/administrators-public": {"get": operation("administratorsPublic")},
    "/api/v1": {"get": operation("apiV1")},
    "/api/v1/health": {"get": operation("apiHealth")},
    "/small": {"post": operation("small", **body("text/plain", {}))},
}

SECURED = {
    "admin": "authenticate: [api_key]",
    "adminUsers": "authenticate: [api_key]",
    "private": "authenticate: [api_key]",
    "privatePost": "authenticate: [api_key]",
    "apiAdmin": "authenticate: [api_key]",
}
"""Operations that need a key, with their lines of the policy."""

DOCUMENT = document(
    PATHS,
    components={
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        }
    },
)


def operation_ids(contract: dict[str, Any]) -> list[str]:
    """Every operation id of a contract."""
    return [
        item["operationId"]
        for path in contract["paths"].values()
        for method, item in path.items()
        if method != "parameters"
    ]
