"""Reads a result file the way the analysis of wsperf's ancestor did: with a
streaming parser and the prefixes of its keys. Prints counts and sums as JSON."""
import json
import sys

import ijson

sums = {"failed": 0, "records": 0}
with open(sys.argv[1], "rb") as result:
    for prefix, _, value in ijson.parse(result):
        if prefix in ("total_duration", "started", "ended"):
            sums[prefix] = int(value)
        elif prefix == "connection_stats.item.failed":
            sums["failed"] += int(value)
            sums["records"] += 1
        elif prefix.startswith("connection_stats.item."):
            key = prefix.rsplit(".", 1)[1]
            sums[key] = sums.get(key, 0) + int(value)
print(json.dumps(sums))
