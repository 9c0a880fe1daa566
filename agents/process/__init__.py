"""What every process of ours has: settings, logs, metrics, a page for probes. No lane is known here."""
