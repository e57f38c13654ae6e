"""A local GLM that enforces what the service enforces and plays its faults; a part of the product."""
