"""One module a noun of the API; each reads top to bottom: enums, models, request fields, the resource class."""
