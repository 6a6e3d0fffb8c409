//! Which origins are trusted, and where a browser may be sent.
