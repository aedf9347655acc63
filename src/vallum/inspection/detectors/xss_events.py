"""Event handlers: which attributes of a tag hold script, and whether that would do anything."""

from __future__ import annotations

import re
from typing import Final

_EVENTS: Final = """
abort activate afterprint afterscriptexecute afterupdate animationcancel animationend
animationiteration animationstart auxclick beforeactivate beforecopy beforecut beforedeactivate
beforeeditfocus beforeinput beforematch beforepaste beforeprint beforescriptexecute beforetoggle
beforeunload beforeupdate beforexrselect begin blocked blur bounce broadcast cached cancel canplay
canplaythrough cellchange change checking chargingchange click close command
contentvisibilityautostatechange compositionend compositionstart compositionupdate contextlost
contextmenu contextrestored controlselect copy cuechange cut dataavailable datasetchanged
datasetcomplete dblclick deactivate devicelight devicemotion deviceorientation drag dragdrop dragend
dragenter dragexit dragleave dragover dragstart drop durationchange emptied encrypted end ended
error errorupdate fetch filterchange finish focus focusin focusout formchange formdata forminput
fullscreenchange fullscreenerror gesturechange gestureend gesturestart gotpointercapture hashchange
help input invalid keydown keypress keyup languagechange layoutcomplete load loadeddata
loadedmetadata loadend loadstart losecapture lostpointercapture mediacomplete mediaerror message
messageerror mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel move
moveend movestart mozfullscreenchange mozfullscreenerror mozpointerlockchange noupdate obsolete
offline online open orientationchange outofsync page pagehide pagereveal pageshow pageswap paste
pause play playing pointercancel pointerdown pointerenter pointerleave pointermove pointerout
pointerover pointerrawupdate pointerup popstate progress propertychange ratechange readystatechange
rejectionhandled repeat reset resize resizeend resizestart resume reverse rowdelete rowenter rowexit
rowinserted rowsdelete rowsinserted scroll scrollend scrollsnapchange scrollsnapchanging search
securitypolicyviolation seek seeked seeking select selectionchange selectstart show slotchange
stalled start stop storage submit suspend syncrestored timeerror timeout timeupdate toggle
touchcancel touchend touchmove touchstart trackchange transitioncancel transitionend transitionrun
transitionstart unhandledrejection unload urlflip userproximity versionchange volumechange waiting
webkitanimationend webkitanimationiteration webkitanimationstart webkitfullscreenchange
webkitfullscreenerror webkitmouseforcechanged webkitmouseforcedown webkitmouseforceup
webkitmouseforcewillbegin webkitplaybacktargetavailabilitychanged webkittransitionend wheel zoom
webkitpresentationmodechanged webkitwillrevealbottom shippingaddresschange visibilitychange
"""
HANDLERS: Final = frozenset(f"on{event}" for event in _EVENTS.split())
"""Every handler that a browser has had."""
# Also words of XML vocabularies and settings.
_WORDS: Final = frozenset({"online", "onpage", "onoffline", "onhelp"})
_NAME: Final = re.compile(r"on[a-z]{3,}")
_LEFT_OUT: Final = re.compile("[\\s.\u2026?*_-]*")
_EFFECT: Final = re.compile(
    r"[\w$\])\"'][\x00-\x20]*[(`]|(?<![=!<>])=(?![=>]|\Z)|\b(?:throw|import|new|delete|location)\b"
    r"|/\*.{0,80}\*/[\x00-\x20]*[(`]|\+\+|--|\\u[0-9a-f{]|\\x[0-9a-f]",
    re.IGNORECASE,
)


def has_effect(script: str) -> bool:
    """Whether the script calls, assigns or throws anything, rather than only naming it."""
    return _EFFECT.search(script) is not None


def handler_of(name: str) -> str | None:
    """The handler that an attribute's name stands for; old browsers forgave junk behind it."""
    match = _NAME.match(name)
    return match[0] if match else None


def score_of(name: str, value: str, is_last: bool) -> int:
    """The score of an attribute whose name begins like a handler's, on some tag.

    Args:
        name: of the attribute, lower case.
        value: of the attribute.
        is_last: whether the text ends here, so that the page goes on with the value.
    """
    handler = handler_of(name)
    if handler is None:
        return 0
    known = handler in HANDLERS and handler not in _WORDS
    if has_effect(value):
        return 9 if known else 8
    if not value.strip():
        return 6 if known and (is_last or handler != name) else 3
    # `onClick={handle}` is JSX: as HTML it names a function and does nothing; `onclick="..."` less.
    is_left_out = not is_last and _LEFT_OUT.fullmatch(value) is not None
    if not known or value.startswith(("{", "(")) or is_left_out:
        return 3
    return 6
