"""Serves the bookshop's page: five files and its settings.

`python examples/bookshop/client/serve.py --port 8001 --settings settings.json`
"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route

HERE = Path(__file__).resolve().parent
PAGE = HERE / "index.html"
FILES = ("app.js", "oauth.js", "dpop.js", "style.css")


def make(settings: Path) -> Starlette:
    """The application; `settings` is what the page must know of its deployment, as JSON."""

    def serve(path: Path) -> Route:
        name = "" if path == PAGE else path.name
        return Route(f"/{name}", lambda _: FileResponse(path))

    return Starlette(
        routes=[
            serve(PAGE),
            Route("/callback", lambda _: FileResponse(PAGE)),
            *(serve(HERE / name) for name in FILES),
            Route("/settings.json", lambda _: FileResponse(settings)),
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--settings", type=Path, required=True)
    arguments = parser.parse_args()
    uvicorn.run(make(arguments.settings), host="127.0.0.1", port=arguments.port)
