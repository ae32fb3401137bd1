"""The servers that tests start on loopback: `weed`, moto, and a wire between them and a client."""
