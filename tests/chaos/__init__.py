"""Random faults by the seed: nothing announced twice, no outcome lost, no wrong claim, nothing leaked."""
