"""external: hands webhooks to the plugins that other programs serve."""
