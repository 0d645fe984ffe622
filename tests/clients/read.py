"""Reads a site by the package hn-api-client, as a program for Hacker News would, and prints as JSON what it got.

Usage: read.py ADDRESS USER ITEM…
"""

import json
import sys
from dataclasses import asdict

from hacker_news_client import HackerNewsClient

address, name, *numbers = sys.argv[1:]
client = HackerNewsClient(base_url=address + "/v0", timeout=60)


def plain(value):
    """The value as JSON has it; None where the package found nothing."""
    return None if value is None else asdict(value)


top = client.top_stories(limit=10)
json.dump(
    {
        "lists": {
            "top": client.top_story_ids(),
            "new": client.new_story_ids(),
            "best": client.best_story_ids(),
            "ask": client.ask_story_ids(),
            "show": client.show_story_ids(),
            "job": client.job_story_ids(),
        },
        "top": [plain(story) for story in top],
        "items": [plain(client.item(number)) for number in numbers],
        "tree": plain(client.comment_tree(top[0].id)),
        "user": plain(client.user(name)),
        "nobody": plain(client.user("nobody")),
        "max_item": client.max_item(),
        "updates": plain(client.updates()),
    },
    sys.stdout,
)
