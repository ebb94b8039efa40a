"""The cache of parsed articles and of the stories built from them."""
