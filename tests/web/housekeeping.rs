//! What is cleaned up while the site goes on.
