"""The engine for a cluster (Apache Spark)."""
