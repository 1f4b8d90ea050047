"""Commands of resource control: what containers may use, one module each."""
