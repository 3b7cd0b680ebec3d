"""Where azyq touches the world: settings, PostgreSQL, SMS gateways, the vault, and the entrances."""
