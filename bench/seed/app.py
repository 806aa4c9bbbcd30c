"""The seed stack's app: users and messages with Flask and SQLAlchemy, as its descriptions tell it.

It is written to be fast within those means: no session, form token or extension that the measured requests do not need.

`SEED_DATABASE` is SQLAlchemy's URL of the database. Where `SEED_REDIS` names a Redis server, messages are a list there.
"""

import json
import os
from datetime import datetime, timezone

import redis
from flask import Flask, g, jsonify, redirect, render_template, request
from sqlalchemy import Column, DateTime, Integer, String, Text, create_engine, func, select
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()
engine = create_engine(os.environ["SEED_DATABASE"])
board = redis.Redis.from_url(os.environ["SEED_REDIS"]) if "SEED_REDIS" in os.environ else None
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
    return render_template("index.html", messages=newest())


def newest():
    if board is not None:
        kept = map(json.loads, board.lrange("messages", 0, 49))
        return [message | {"created_at": datetime.fromisoformat(message["created_at"])} for message in kept]
    return session().scalars(select(Message).order_by(Message.id.desc()).limit(50)).all()


@app.post("/")
def post_message():
    text = request.form.get("message", "").strip()
    name = request.form.get("name", "").strip()
    if text and board is not None:
        board.lpush("messages", json.dumps({"name": name, "message": text, "created_at": now().isoformat()}))
    elif text:
        session().add(Message(name=name, message=text))
        session().commit()
    return redirect("/", code=303)


def fill():
    """Makes the tables, with sample rows as the init script of the descriptions has them."""
    Base.metadata.create_all(engine)
    with Session(engine) as filling:
        filling.add_all(User(first_name="Siti", last_name=f"Rahma {at}") for at in range(10_000))
        filling.add_all(Message(name="Budi", message=f"Selamat pagi, kelas {at}!") for at in range(50))
        filling.commit()
    if board is not None:
        for at in range(50):
            message = {"name": "Budi", "message": f"Selamat pagi, kelas {at}!", "created_at": now().isoformat()}
            board.lpush("messages", json.dumps(message))


if __name__ == "__main__":
    fill()
