"""The seed stack's app: users and messages with Flask and SQLAlchemy on SQLite, as its descriptions tell it.

It is written to be fast within those means: no session, form token or extension that the measured requests do not need.
"""

import os
from datetime import datetime, timezone

from flask import Flask, g, jsonify, redirect, render_template, request
from sqlalchemy import Column, DateTime, Integer, String, Text, create_engine, func, select
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()
engine = create_engine("sqlite:///" + os.environ["SEED_DATABASE"])
app = Flask(__name__)


def now():
    return datetime.now(timezone.utc).replace(tzinfo=None)


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    first_name = Column(String(100), nullable=False)
    last_name = Column(String(100), nullable=False)
    created_at = Column(DateTime, default=now, nullable=False)

    def as_dict(self):
        return {
            "id": self.id,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "created_at": self.created_at.isoformat(),
        }


class Message(Base):
    __tablename__ = "messages"
    id = Column(Integer, primary_key=True)
    name = Column(String(100), nullable=False)
    message = Column(Text, nullable=False)
    created_at = Column(DateTime, default=now, nullable=False)


def session():
    if "session" not in g:
        g.session = Session(engine)
    return g.session


@app.teardown_appcontext
def close_session(_error):
    opened = g.pop("session", None)
    if opened is not None:
        opened.close()


@app.post("/user")
def create_user():
    body = request.get_json(silent=True) or {}
    names = {key: str(body.get(key, "")).strip() for key in ("first_name", "last_name")}
    if not all(1 <= len(name) <= 100 for name in names.values()):
        return jsonify({"error": "first_name and last_name are required"}), 400
    user = User(**names)
    session().add(user)
    session().commit()
    return jsonify(user.as_dict()), 201


@app.get("/user/<int:user_id>")
def get_user(user_id):
    user = session().get(User, user_id)
    if user is None:
        return jsonify({"error": "User not found"}), 404
    return jsonify(user.as_dict())


@app.get("/users")
def list_users():
    limit = min(request.args.get("limit", 10, type=int), 200)
    offset = request.args.get("offset", 0, type=int)
    users = session().scalars(select(User).order_by(User.id).limit(limit).offset(offset))
    return jsonify({"users": [user.as_dict() for user in users], "limit": limit, "offset": offset})


@app.get("/health")
def health():
    session().execute(select(func.count()).select_from(select(User.id).limit(1).subquery()))
    return jsonify({"status": "healthy", "timestamp": now().isoformat()})


@app.get("/")
def page():
    messages = session().scalars(select(Message).order_by(Message.id.desc()).limit(50)).all()
    return render_template("index.html", messages=messages)


@app.post("/")
def post_message():
    text = request.form.get("message", "").strip()
    if text:
        session().add(Message(name=request.form.get("name", "").strip(), message=text))
        session().commit()
    return redirect("/", code=303)


def fill():
    """Makes the tables, with sample rows as the init script of the descriptions has them."""
    Base.metadata.create_all(engine)
    with Session(engine) as filling:
        filling.add_all(User(first_name="Siti", last_name=f"Rahma {at}") for at in range(10_000))
        filling.add_all(Message(name="Budi", message=f"Selamat pagi, kelas {at}!") for at in range(50))
        filling.commit()


if __name__ == "__main__":
    fill()
