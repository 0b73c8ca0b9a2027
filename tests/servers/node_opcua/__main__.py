import sys

from tests.servers.node_opcua import NotHere, provision

if __name__ == "__main__":
    try:
        sys.stdout.write(f"{provision()}\n")
    except NotHere as reason:
        sys.exit(str(reason))
