//! The results of a class in one SQLite file, a transaction for each submission.
