# validate.py SCHEMA EXPERIMENT: prints "ok" or the first thing that the JSON Schema has against the experiment.
import json
import sys

try:
    import tomllib

    from jsonschema import Draft4Validator
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], "rb") as file:
    experiment = tomllib.load(file)

Draft4Validator.check_schema(schema)
mistakes = [error.message for error in Draft4Validator(schema).iter_errors(experiment)]
print(mistakes[0] if mistakes else "ok")
