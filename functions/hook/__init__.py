"""hook: takes GitHub's webhooks, keeps them, and hands each to the plugins that want it."""
