"""Looks for a phrase by the package hn-keyword-watch, and prints as JSON what it found.

Usage: watch.py ADDRESS PHRASE SECOND
"""

import json
import sys

from hn_keyword_watch import core

address, phrase, second = sys.argv[1:]


def fetch(url):
    """Asks the site in place of the hosts that the package knows."""
    for host in ["https://hn.algolia.com", "https://hacker-news.firebaseio.com"]:
        url = url.replace(host, address)
    return core.http_get_json(url, timeout=60)


found = core.search_algolia(phrase, since=int(second), fetch=fetch)
walked = core.scan_firebase(count=100, fetch=fetch)
json.dump(
    {
        "searched": [match.to_dict() for match in core.find_matches(found, [phrase])],
        "walked": [match.to_dict() for match in core.find_matches(walked, [phrase])],
    },
    sys.stdout,
)
