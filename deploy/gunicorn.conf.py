"""Settings of gunicorn for one machine behind nginx: `gunicorn -c gunicorn.conf.py "mixeval.cli.wsgi:app()"`.

Each can be overridden on gunicorn's command line.
"""

import os

bind = os.environ.get("MIXEVAL_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = 2
threads = 8
# nginx keeps its connections; at gunicorn's default of 2 s a third of the saves met a closed one and came again.
keepalive = 75
# A save that waits for a locked database gets its answer after 30 s; a worker is not to be killed before it.
timeout = 60
graceful_timeout = 30
# The workers' sign of life; on a disk it would be written each second.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - not a file of ours
# Workers open their own connections to the database: none may be shared through a fork.
preload_app = False
# The address lines would hold secrets; mixeval tells of requests by route (MIXEVAL_LOG_FORMAT=json).
accesslog = None
errorlog = "-"
# mixeval believes as many proxies as MIXEVAL_TRUSTED_PROXIES says; gunicorn itself needs to believe none.
forwarded_allow_ips = ""


if os.environ.get("MIXEVAL_LOG_FORMAT") == "json":
    logconfig_dict = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "mixeval_webapp.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False, "qualname": "x"},
        },
    }
