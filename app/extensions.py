"""Extensions, created here and bound in the factory."""

from __future__ import annotations

from celery import Celery
from flask_babel import Babel
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from app.core.db import Base, PageSession

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "class_": PageSession})
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
celery = Celery("pathways")
