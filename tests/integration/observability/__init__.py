"""What those who watch the service are told: ids, log lines, metrics and spans, and nothing of anybody."""
