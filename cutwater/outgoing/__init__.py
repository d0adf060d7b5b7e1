"""Messages to addresses that the installation names: Slack, webhooks, sinks of CloudEvents."""
