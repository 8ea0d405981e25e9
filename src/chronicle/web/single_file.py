"""The whole page in one HTML file, which works from disk and can be mailed.

The modules are joined by their own import and export lines, which keep to one form:
`import { a, b } from "./x.js";` on a line, and `export` before a declaration. The
policy in the file's head names script and style by their digests, so nothing else in it
runs, and nothing can be sent or fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping

from chronicle.web.documents import Documents
from chronicle.web.server import static_files

__all__ = ["bundle", "single_file"]

FONT = "noto-sans-arabic.woff2"
_IMPORT = re.compile(r'^import \{ ([\w$, ]+) \} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async function|function|class|const) ([\w$]+))", re.MULTILINE
)
_HEAD = re.compile(
    r'<link rel="icon".*?<script type="module" src="main.js"></script>\n', re.DOTALL
)


def bundle(modules: Mapping[str, str], start: str = "main") -> str:
    """One script of *modules* (name to text) that does what *start* does.

    Raises `ValueError` for modules that import each other in a ring, or in a form that
    is not the one above.
    """
    parts: list[str] = []
    state: dict[str, bool] = {}  # False while its imports are being added

    def add(name: str) -> None:
        if state.get(name) is False:
            raise ValueError(f"{name}.js imports itself by way of others")
        if name in state:
            return
        state[name] = False
        text = modules[name]
        for _, wanted in _IMPORT.findall(text):
            add(wanted)
        state[name] = True
        exported = _EXPORT.findall(text)
        body = _EXPORT.sub("", _IMPORT.sub(r"const { \1 } = $\2;", text))
        if re.search(r"^(import|export)\b", body, re.MULTILINE):
            raise ValueError(f"{name}.js imports or exports in a form not known here")
        told = ", ".join(exported)
        parts.append(f"const ${name} = (() => {{\n{body}\nreturn {{ {told} }};\n}})();")

    add(start)
    return "\n".join(parts)


def single_file(told: Documents) -> bytes:
    """The page with its documents, as one HTML file."""
    files = static_files()
    font = base64.b64encode(files.pop(FONT)).decode()
    found = {name: body.decode() for name, body in files.items()}
    modules = {
        name.removesuffix(".js"): text
        for name, text in found.items()
        if name.endswith(".js")
    }
    script = bundle(modules)
    style = found["style.css"].replace(FONT, f"data:font/woff2;base64,{font}")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; "
        f"style-src '{_digest(style)}'; img-src data: blob:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    icon = base64.b64encode(found["icon.svg"].encode()).decode()
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        f'<link rel="icon" href="data:image/svg+xml;base64,{icon}">\n'
        f"<style>{style}</style>\n"
    )
    data = b'{"data":%b,"land":%b,"whatIf":%b}' % (told.data, told.land, told.what_if)
    text = data.decode().replace("<", "\\u003c").replace("&", "\\u0026")
    body = (
        f'<script type="application/json" id="chronicle-data">{text}</script>\n'
        f'<script type="module">{script}</script>\n</body>'
    )
    page = _HEAD.sub(lambda _: head, found["index.html"])
    return page.replace("</body>", body).encode()


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
