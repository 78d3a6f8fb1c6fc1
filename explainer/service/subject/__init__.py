"""What the person a record is about may ask for: all that we hold of them, and that it goes."""
