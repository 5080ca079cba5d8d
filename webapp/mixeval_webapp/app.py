"""The application factory: everything that is checked before anybody is let in happens here."""

import hashlib
import logging
from pathlib import Path

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from mixeval.database import Database, name_of, open_database
from mixeval.erasure import reapply
from mixeval.errors import DatabaseError
from mixeval.manifest import read_manifest
from mixeval.settings import Settings, read_settings
from mixeval.study import read_study
from mixeval.versions import Version, check_rendered
from mixeval_migrations import prepare
from mixeval_webapp.admin.opening import open_admin
from mixeval_webapp.admin.researcher import Researcher
from mixeval_webapp.api import api
from mixeval_webapp.compression import compress_static
from mixeval_webapp.cookies import FormSessions, form_cookie_name
from mixeval_webapp.design import check_design
from mixeval_webapp.health import EXTENSION as READINESS
from mixeval_webapp.health import health
from mixeval_webapp.logs import log_requests
from mixeval_webapp.messages import check_messages
from mixeval_webapp.pages import pages
from mixeval_webapp.payloads import MAX_BODY_BYTES
from mixeval_webapp.problems import answer_problems
from mixeval_webapp.readiness import Readiness
from mixeval_webapp.served_audio import ServedAudio
from mixeval_webapp.site import EXTENSION, Site, StudyVersions
from mixeval_webapp.speech import teach
from mixeval_webapp.stimulus_files import StimulusFiles
from mixeval_webapp.url_prefix import UnderPrefix

STATIC_MAX_AGE_SECONDS = 365 * 24 * 60 * 60

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # The resume link is a secret; no other site is to learn it.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATIC_HEADERS = ("X-Content-Type-Options", "Cross-Origin-Resource-Policy")
NEEDLESS_STATIC_HEADERS = ("Content-Disposition", "ETag", "Expires", "Last-Modified", "Accept-Ranges")
"""What Flask adds to every file, and a file whose address follows from its content does not need."""

log = logging.getLogger(__name__)


def create_app(
    study_folder: Path | str,
    *,
    settings: Settings | None = None,
    database: Database | None = None,
    researcher: Researcher | None = None,
) -> Flask:
    """Make the application that serves the study in `study_folder`, for waitress, gunicorn or a test.

    `settings` are read from the environment and `database` is opened from them if they are left out. `researcher`
    is what the command line hands in for the pages under /admin, which are there once a password is set.

    Raises StudyError or ManifestError when the study is not rendered as it is written, naming a missing or
    changed file; DatabaseError when its answers cannot be kept.
    """
    folder = Path(study_folder)
    version = Version(read_study(folder), read_manifest(folder))
    check_messages(version.study)
    check_rendered(version)
    check_design(version)
    files = StimulusFiles(folder)
    files.verify(version)
    settings = settings or read_settings(folder)
    opened = database or open_database(settings.database_url)
    try:
        versions = _publish(version, opened, folder)
        served = _served_audio(files, settings)
        app = _flask(Site(opened, versions, files, version.id, versions.label(), served), settings)
        open_admin(app, folder, settings, researcher or Researcher())
    except BaseException:
        if database is None:
            opened.close()
        raise
    return app


def site_of(app: Flask) -> Site:
    """Return what `app` serves from."""
    found = app.extensions[EXTENSION]
    if not isinstance(found, Site):
        raise TypeError("the application was not made by create_app")
    return found


def _publish(version: Version, database: Database, folder: Path) -> StudyVersions:
    versions = StudyVersions(database)
    try:
        prepare(database)
        # The database may have been put back from a backup.
        for participant in reapply(database, folder):
            log.warning("erased again, a backup had brought them back: participant=%s", participant)
        versions.publish(version)
    except DBAPIError as error:
        raise DatabaseError(
            f"the answers to {folder} cannot be stored in {name_of(database.engine.url)} ({error.orig})",
            remedy="give yourself write permission to the database and its folder",
        ) from error
    return versions


def _served_audio(files: StimulusFiles, settings: Settings) -> ServedAudio | None:
    if settings.accel_folder is None:
        return None
    return ServedAudio(files, folder=settings.accel_folder, prefix=settings.accel_prefix)


def _flask(site: Site, settings: Settings) -> Flask:
    static_folder = Path(__file__).parent / "static"
    app = Flask(
        __name__, static_url_path=f"/static/{_fingerprint(static_folder)}", static_folder=static_folder
    )
    app.extensions[EXTENSION] = site
    app.extensions[READINESS] = Readiness(site.database, site.files)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_PATH=settings.url_prefix or "/",
        SESSION_COOKIE_NAME=form_cookie_name(site.label),
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_MAX_AGE_SECONDS,
        # The form may lie open for as long as its browser session does.
        WTF_CSRF_TIME_LIMIT=None,
        # This check wants the Referer that our own policy withholds; token and SameSite cookie do its work.
        WTF_CSRF_SSL_STRICT=False,
    )
    # Before the forms' check, whose refusals are told with the request's id too.
    log_requests(app, trust_request_ids=settings.trusted_proxies > 0)
    # Pages hold secrets and travel as they are: without the lines that only held a statement.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # Of what a page says to its scripts, which travels as it is.
    app.jinja_env.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    app.session_interface = FormSessions()
    app.url_map.converters["token"] = _Token
    app.register_blueprint(pages)
    app.register_blueprint(api)
    app.register_blueprint(health)
    # The API is guarded by a header and a content type that no form of another site can send.
    CSRFProtect(app).exempt(api)
    answer_problems(app)
    teach(app)
    app.after_request(_guard)
    app.after_request(compress_static)
    if settings.url_prefix:
        app.wsgi_app = UnderPrefix(app.wsgi_app, settings.url_prefix)  # type: ignore[method-assign]  # as below
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # as Flask's documentation says to
    return app


class _Token(BaseConverter):
    """What may stand for a token or an id in an address: nothing that PostgreSQL cannot hold, such as NUL."""

    regex = "[A-Za-z0-9_-]{1,64}"


def _guard(response: Response) -> Response:
    # Scripts and styles are no documents: these headers would only make each of thirty small files a third larger.
    is_static = request.endpoint == "static"
    headers = response.headers
    for name in STATIC_HEADERS if is_static else SECURITY_HEADERS:
        headers[name] = SECURITY_HEADERS[name]
    if is_static:
        for name in NEEDLESS_STATIC_HEADERS:
            headers.pop(name, None)
        # Modules are UTF-8 always, and style sheets as the page that names them.
        headers["Content-Type"] = response.mimetype
    if is_static and response.status_code < 400:
        response.cache_control.public = True
        response.cache_control.immutable = True
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def _fingerprint(static_folder: Path) -> str:
    """Hash the static files, so that a changed one has a new address and modules find their neighbours."""
    digest = hashlib.sha256()
    for path in sorted(path for path in static_folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(static_folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
