"""The asyncio load engine: an open loop of requests and WebSocket streams on one core."""
