"""The pages in a real browser: Playwright with a Chromium of the machine, found or fetched by `python -m tests.browser`."""
