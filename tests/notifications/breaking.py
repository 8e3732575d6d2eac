"""An application that fails with a person in its error, for the test of the web server's own lines."""


PERSON, ADDRESS = "Zebedee Quillfeather", "zq@ministry.example"


def app(environ, start_response):
    raise ValueError(f"{PERSON} {ADDRESS} {environ['PATH_INFO']}")
