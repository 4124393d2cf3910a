"""Live samples: what each node makes of one sample of the data, as small pictures and figures."""
