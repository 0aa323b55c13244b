"""The tables of the memory file."""

from __future__ import annotations

VERSION = 1
"""Written into the file as ``user_version``."""

TABLES = """
CREATE TABLE IF NOT EXISTS turns (
  id INTEGER PRIMARY KEY, time_s REAL NOT NULL, speaker TEXT NOT NULL, text TEXT NOT NULL, command_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
  id INTEGER PRIMARY KEY, category TEXT NOT NULL, color TEXT NOT NULL, x REAL NOT NULL, y REAL NOT NULL,
  z REAL NOT NULL, furniture TEXT NOT NULL, room TEXT NOT NULL, seen_s REAL NOT NULL, track TEXT NOT NULL,
  run TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (category, color);
CREATE TABLE IF NOT EXISTS places (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, x REAL NOT NULL, y REAL NOT NULL, yaw REAL NOT NULL,
  furniture TEXT NOT NULL, room TEXT NOT NULL, taught_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS people (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, user INTEGER NOT NULL, color TEXT NOT NULL,
  height_m REAL NOT NULL, met_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tasks (
  id INTEGER PRIMARY KEY, command_id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, task_json TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, started_s REAL NOT NULL, ended_s REAL NOT NULL);
"""

AGES = {"turns": "time_s", "objects": "seen_s", "places": "taught_s", "people": "met_s", "tasks": "started_s"}
"""Table -> the column by which its oldest rows are known."""
