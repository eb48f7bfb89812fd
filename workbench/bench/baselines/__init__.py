"""The baselines that Rollcall is compared with, each written as fast as possible."""
