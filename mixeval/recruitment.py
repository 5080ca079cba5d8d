"""How participants come and where they go: [recruitment] of study.toml.

It is no part of a study's version: a code that is corrected while people take part holds for all of them from then
on, and the answers from before and after are still one version's.

What each platform sends and wants back: Prolific, docs.prolific.com, "The study object"; MTurk, Amazon's "How
Mechanical Turk tasks are rendered"; Sona Systems, "External Study Credit Granting".
"""

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from mixeval.section import Section

Platform = Literal["prolific", "mturk", "sona", "other"]
Outcome = Literal["complete", "screened_out", "no_consent"]

PROLIFIC_RETURN = "https://app.prolific.com/submissions/complete?cc={code}"
ADDRESS_FIELDS = ("{id}", "{code}", "{participant}")
MTURK_PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
"""The assignmentId of who looks at a HIT and has not accepted it."""
SONA_CREDIT_PATH = "/webstudy_credit.aspx"

# What platforms use; not what a template leaves when it was not filled in, such as {{%PROLIFIC_PID%}}.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+:=~-]{0,127}", re.ASCII)

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Address = Annotated[str, StringConstraints(max_length=2000)]


@dataclass(frozen=True)
class ExternalIds:
    """Who a platform says that a visitor is."""

    value: str
    study: str = ""
    submission: str = ""


@dataclass(frozen=True)
class Parameters:
    """The names under which a platform's ids stand in an address."""

    value: str
    study: str | None = None
    submission: str | None = None


PARAMETERS: Mapping[str, Parameters] = {
    "prolific": Parameters("PROLIFIC_PID", study="STUDY_ID", submission="SESSION_ID"),
    "mturk": Parameters("workerId", study="hitId", submission="assignmentId"),
    "sona": Parameters("id"),
}


@dataclass(frozen=True)
class WayOut:
    """Where a participant goes from here: an address, or a code to type there, or neither, or both."""

    address: str | None = None
    code: str | None = None

    @property
    def host(self) -> str | None:
        """The site, as participants are told it."""
        if self.address is None:
            return None
        parts = urllib.parse.urlsplit(self.address)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


class RecruitmentSection(Section):
    """Who may begin, the platform that sends them, and what it wants back for each outcome."""

    open: bool | None = None
    """Whether anybody with the address may begin; left out: yes without a platform, no with one."""
    shared_computers: bool = False
    """Whether listeners take turns at one computer, or share a network: then neither flags who comes by the open link."""
    platform: Platform | None = None
    completion_code: Code | None = None
    screened_out_code: Code | None = None
    no_consent_code: Code | None = None
    id_parameter: ParameterName | None = None
    """With `platform = "other"`: what the participant's id is called in the address."""
    completion_address: Address | None = None
    """With "sona", its Completion URL (client-side); with "other", any, with `{id}`, `{code}`, `{participant}`."""
    screened_out_address: Address | None = None
    no_consent_address: Address | None = None

    @model_validator(mode="after")
    def _fits_the_platform(self) -> "RecruitmentSection":
        allowed = _KEYS[self.platform]
        for name in _ALL_KEYS:
            if getattr(self, name) is not None and name not in allowed:
                where = f'platform = "{self.platform}"' if self.platform else "a study without a platform"
                raise ValueError(f"{name} is of no use to {where}")
        needed = _NEEDED.get(self.platform or "")
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f'platform = "{self.platform}" needs {needed}')
        return self

    @model_validator(mode="after")
    def _codes_differ(self) -> "RecruitmentSection":
        codes = [
            code for code in (self.completion_code, self.screened_out_code, self.no_consent_code) if code
        ]
        if len(set(codes)) < len(codes):
            raise ValueError("two outcomes have the same code, so the platform could not tell them apart")
        return self

    @model_validator(mode="after")
    def _addresses_can_be_gone_to(self) -> "RecruitmentSection":
        for name in ("completion_address", "screened_out_address", "no_consent_address"):
            address = getattr(self, name)
            if address is not None:
                _check_address(name, address, fields=() if self.platform == "sona" else ADDRESS_FIELDS)
        if self.platform == "sona" and self.completion_address is not None:
            _check_sona(self.completion_address)
        return self

    @property
    def is_open(self) -> bool:
        """Whether somebody may begin who brings neither an invite nor a platform's id."""
        return self.platform is None if self.open is None else self.open

    @property
    def parameters(self) -> Parameters | None:
        """What the platform's ids are called in an address; None without a platform."""
        if self.platform == "other":
            return Parameters(self.id_parameter or "")
        return PARAMETERS[self.platform] if self.platform else None

    def ids_of(self, query: Mapping[str, str]) -> ExternalIds | None:
        """Return the ids that an address's `query` brings; None where there is no platform or no usable id.

        >>> RecruitmentSection(platform="mturk").ids_of({"workerId": "A1", "hitId": "3X"})
        ExternalIds(value='A1', study='3X', submission='')
        """
        names = self.parameters
        if names is None:
            return None
        value = _usable(query.get(names.value, ""))
        if not value:
            return None
        return ExternalIds(
            value,
            study=_usable(query.get(names.study, "")) if names.study else "",
            submission=_usable(query.get(names.submission, "")) if names.submission else "",
        )

    def previews(self, query: Mapping[str, str]) -> bool:
        """Tell whether the address is that of an MTurk worker who has not accepted the HIT."""
        return self.platform == "mturk" and query.get("assignmentId") == MTURK_PREVIEW

    def way_out(
        self, outcome: Outcome, *, ids: ExternalIds | None, code: str = "", participant: str = ""
    ) -> WayOut:
        """Say where somebody goes who came from the platform.

        `ids` are those that they came with, None where they are no longer known. `code` is the session's own
        completion code, which stands in where the platform has none of its own; it is empty without a session.
        """
        own = {
            "complete": self.completion_code,
            "screened_out": self.screened_out_code,
            "no_consent": self.no_consent_code,
        }[outcome]
        shown = own or (code if outcome == "complete" else "") or None
        match self.platform:
            case "prolific":
                return WayOut(PROLIFIC_RETURN.format(code=own) if own else None, own)
            case "mturk":
                return WayOut(None, shown)
            case "sona":
                address = self.completion_address if outcome == "complete" and ids else None
                return WayOut(_with_survey_code(address, ids.value) if address and ids else None, shown)
            case "other":
                pattern = {
                    "complete": self.completion_address,
                    "screened_out": self.screened_out_address,
                    "no_consent": self.no_consent_address,
                }[outcome]
                return WayOut(_filled(pattern, ids, shown or "", participant), shown)
            case None:
                return WayOut(None, shown)


_ADDRESSES = ("completion_address", "screened_out_address", "no_consent_address")
_CODES = ("completion_code", "screened_out_code", "no_consent_code")
_ALL_KEYS = (*_CODES, *_ADDRESSES, "id_parameter")
_KEYS: Mapping[str | None, tuple[str, ...]] = {
    None: (),
    "prolific": _CODES,
    "mturk": _CODES,
    "sona": ("completion_address",),
    "other": _ALL_KEYS,
}
_NEEDED: Mapping[str, str] = {
    "prolific": "completion_code",
    "sona": "completion_address",
    "other": "id_parameter",
}


def _usable(value: str) -> str:
    return value if _ID.fullmatch(value) else ""


def _check_address(name: str, address: str, *, fields: tuple[str, ...]) -> None:
    try:
        parts = urllib.parse.urlsplit(address)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # brackets or a port that are none
        usable = False
    if not usable:
        raise ValueError(f"{name} must be an address that begins with https:// or http://")
    without = address
    for field in fields:
        without = without.replace(field, "")
    if "{" in without or "}" in without:
        known = f"knows {', '.join(fields)} only" if fields else "has nothing to fill in"
        raise ValueError(f"{name} {known}")
    if "{" in parts.netloc:
        raise ValueError(f"{name} must not have anything to fill in in its host")


def _check_sona(address: str) -> None:
    parts = urllib.parse.urlsplit(address)
    query = urllib.parse.parse_qs(parts.query)
    lacking = [name for name in ("experiment_id", "credit_token") if name not in query]
    if not parts.path.endswith(SONA_CREDIT_PATH) or lacking:
        raise ValueError(
            "completion_address is not Sona's Completion URL (client-side), such as "
            "https://SCHOOL.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=2&survey_code=XXXX"
        )


def _with_survey_code(address: str, value: str) -> str:
    """Put the survey code where Sona's own address has XXXX."""
    parts = urllib.parse.urlsplit(address)
    kept = [
        pair
        for pair in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        if pair[0] != "survey_code"
    ]
    return urllib.parse.urlunsplit(
        parts._replace(query=urllib.parse.urlencode([*kept, ("survey_code", value)]), fragment="")
    )


def _filled(pattern: str | None, ids: ExternalIds | None, code: str, participant: str) -> str | None:
    if pattern is None or ("{id}" in pattern and ids is None):
        return None
    values = (ids.value if ids else "", code, participant)
    for field, value in zip(ADDRESS_FIELDS, values, strict=True):
        pattern = pattern.replace(field, urllib.parse.quote(value, safe=""))
    return pattern
