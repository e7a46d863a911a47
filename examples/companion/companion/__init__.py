"""A small companion for older people: the sample project that Clinigate is tried on."""
