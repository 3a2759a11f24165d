"""The made-up people of the conformance kit: who they are, and how the files of the kit are written from them."""
