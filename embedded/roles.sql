CREATE ROLE pathways_owner LOGIN {owner_may} PASSWORD '{pathways_owner}'
CREATE ROLE pathways_app LOGIN PASSWORD '{pathways_app}'
CREATE DATABASE pathways OWNER pathways_owner
REVOKE ALL ON DATABASE pathways FROM PUBLIC
GRANT CONNECT, TEMPORARY ON DATABASE pathways TO pathways_app
