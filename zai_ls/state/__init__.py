"""What all processes of a user share: the slot, the ledger, the database below them."""
