"""References to what a body shows: biometric identifiers and photographs (letters P and Q)."""

from __future__ import annotations

from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import FIELD, led, words
from clinigate.phi.values import is_reference

__all__ = ["ROWS"]

#: `fingerprint` alone is what programs call a digest: it has to say more, or a word beside it has.
_FINGER = "finger[ _-]?prints?"
_TRAITS = (
    "finger[ _-]?prints?[ _-]?(?:id|template|scan|image|minutiae|sample|record|file|no|number)",
    "patient[ _-]?finger[ _-]?prints?", "thumb[ _-]?prints?", "palm[ _-]?prints?", "palm[ _-]?vein",
    "voice[ _-]?prints?", "speaker", "retina(?:l)?(?:[ _-]?scan)?", "iris(?:[ _-]?scan)?",
    "face[ _-]?(?:print|id|template|embedding|encoding|geometry)", "facial", "biometrics?",
    "gait", "dna[ _-]?(?:profile|fingerprint)", "minutiae", "faceprint",
)  # fmt: skip
_KIND = r"(?:[ _-]?[A-Za-z]{1,12}){0,3}"
#: A path, a hash, base64, an array of numbers.
_REFERENCE = (
    r"(?P<v>[A-Za-z0-9+/_.:~%@-]{6,80}={0,2}|\[ ?-?\d{1,3}(?:\.\d{1,18})?(?:e-?\d\d?)?"
    r"(?:, ?-?\d{1,3}(?:\.\d{1,18})?(?:e-?\d\d?)?){2,8})(?:$|[^A-Za-z0-9+/_.~%@-])"
)
_IMAGE = r"\.(?i:jpe?g|png|heic|heif|gif|bmp|tiff?|webp|dcm|mp4|mov)"
_PATH = r"[A-Za-z0-9._~%@+-]{1,100}"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-BIOMETRIC",
        Letter.P,
        "A biometric identifier, or a reference to one",
        Tier.IDENTIFIER,
        (
            form(led(*(trait + _KIND for trait in _TRAITS)) + FIELD + _REFERENCE, 0.8),
            form(led(_FINGER) + FIELD + _REFERENCE, 0.45),
            form(led("finger[ _]prints?", *_TRAITS)
                 + r"(?i:[ _-](?:id|template|sample|scan|record|file|no\.?|number|hash"
                 r"|ref(?:erence)?))?"
                 r"[ ]?#?:?[ ](?:is |was )?(?P<v>[A-Z]{0,5}[-_]?\d[0-9A-Za-z_-]{3,40})"
                 r"(?:$|[^\w-]|-(?:$|\W))", 0.8),
            form(rf"(?:^|[^\w.~%@+-])(?P<v>(?:/?{_PATH}/){{0,6}}[\w.-]{{0,60}}"
                 r"(?i:finger|thumb|palm|voice|iris|retina)[_-]?(?i:print|scan|template)?[_-]"
                 r"[\w-]{1,60}\.(?i:wsq|iso|fmr|bin|dat|wav|flac|jp2|png|jpe?g|tiff?|npy|bmp))"
                 r"(?:$|[^\w])", 0.8),
        ),
        context=words("biometric biometrics patient enrolled enrollment scanner finger"),
        accept=is_reference,
    ),
    Recognizer(
        "CG-PHI-PHOTO",
        Letter.Q,
        "A photograph of somebody's face, or a reference to one",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{whose}[ _-]?{what}(?:[ _-]?(?:url|uri|path|file|id|name|link|ref))?"
                       for whose in ("patient(?:'s)?", "face", "full[ _-]?face", "member", "badge",
                                     "id", "profile", "selfie", "head", "wound", "mug")
                       for what in ("photo(?:graph)?s?", "pic(?:ture)?s?", "image", "shot"))
                     , *(f"{what}(?:[ _-]?(?:url|uri|path|file|id|name|link|ref))?" for what in
                         ("head-?shot", "selfie", "mugshot", "photo(?:graph)?s?", "avatar",
                          "portrait"))) + rf"(?:{FIELD}|[ ](?:is |at |in |file )?)"
                 + rf"(?P<v>(?:(?i:https?|s3|gs|file)://)?/?(?:{_PATH}/){{0,8}}{_PATH}{_IMAGE})"
                 r"(?:$|[^\w])", 0.8),
            form(rf"(?:^|[^\w.~%@+-])(?P<v>(?:(?i:https?|s3|gs|file)://)?/?(?:{_PATH}/){{0,6}}"
                 r"[\w.-]{0,60}(?i:face|headshot|selfie|portrait|mugshot|patient|facial)[\w-]{0,60}"
                 rf"{_IMAGE})(?:$|[^\w])", 0.45),
            form(rf"(?:^|[^\w.~%@+-])(?P<v>(?:(?i:https?|s3|gs|file)://)?/?(?:{_PATH}/){{0,6}}"
                 rf"(?i:patient)[_-]?\d{{3,16}}[\w-]{{0,40}}{_IMAGE})(?:$|[^\w])", 0.8),
            form(led("photo(?:graph)?(?:[ _-]?(?:data|base64))?", "face[ _-]?image", "headshot",
                     "selfie", "portrait", "patient[ _-]?photo") + FIELD
                 + r"(?P<v>(?:data:image/[a-z]{3,5};base64,)[A-Za-z0-9+/]{8,60})", 0.8),
            form(r"\"photo\"[ ]?:[ ]?\[[ ]?\{(?P<v>[^\[\]{}\r\n]{10,300})", 0.85),
        ),
        context=words("patient photo photograph picture face portrait headshot selfie image"),
    ),
)  # fmt: skip
