"""The examples that live in web services and bots."""
