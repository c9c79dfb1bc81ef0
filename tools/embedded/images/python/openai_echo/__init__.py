"""A server of the OpenAI protocol without a model: it answers with what it was asked, and shows what reached it."""
