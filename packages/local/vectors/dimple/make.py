"""Makes the files beside it: `pip install msgpack==1.2.4; python3 make.py FOLDER`."""
import sys, json, struct
import msgpack
A='01900000-0000-7000-8000-0000000000a1'; B='01900000-0000-7000-8000-0000000000b2'
def cid(n): return '01900000-0001-7000-8000-%012x'%n
ints=[0,1,127,128,255,256,65535,65536,4294967295,4294967296,2**63-1,-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649,-2**63]
changes=[]
for i,v in enumerate(ints):
    changes.append(([cid(i+1),A,'Number','n%d'%i,True],[['value',v]]))
texts=['','a','x'*31,'x'*32,'ä'*20,'x'*255,'x'*256,'x'*65535,'x'*65536,'日本語 🎵','007','1e5',A]
for i,v in enumerate(texts):
    changes.append(([cid(100+i),A,'Text','t%d'%i,True],[['value',v]]))
blobs=[b'',b'\x00',bytes(range(256)),b'\xff'*65536]
for i,v in enumerate(blobs):
    changes.append(([cid(200+i),A,'Blob','b%d'%i,True],[['value',v]]))
reals=[0.0,2.0,-1.5,0.1,1e300,5e-324,float('inf')]
for i,v in enumerate(reals):
    changes.append(([cid(300+i),A,'Real','r%d'%i,True],[['value',v]]))
changes.append(([cid(400),A,'Artist','fixed-id-1',True],[['b',1],['bl',b'\x01\x02\x03'],['n',None],['name','Nena']]))
changes.append(([cid(401),B,'Artist','fixed-id-1',False],[['name','Nena Kerner']]))
changes.append(([cid(402),A,'Wide','w',True],[['c%02d'%i,i] for i in range(20)]))
changes.append(([cid(403),A,'Only','o',True],[]))
def as_map(c):
    h,f=c
    return {'change':dict(zip(['id','author_id','entity_type','entity_id','merged'],h)),'fields':[{'field_name':n,'field_value':v} for n,v in f]}
pk=lambda o: msgpack.packb(o,use_bin_type=True)
arrays=pk([[h[:4]+[True],f] for h,f in changes])
maps=pk([as_map(c) for c in changes])
manifest_a={c[0][0]:'01900000-0002-7000-8000-000000000001' for c in changes if c[0][1]==A}
manifest_b={c[0][0]:'01900000-0002-7000-8000-000000000001' for c in changes if c[0][1]==B}
def plain(v):
    if isinstance(v,bool): return {'integer':str(int(v))}
    if v is None: return None
    if isinstance(v,int): return {'integer':str(v)}
    if isinstance(v,float): return {'real':struct.pack('>d',v).hex()}
    if isinstance(v,bytes): return {'blob':v.hex()}
    return {'text':v}
expected=[{'id':h[0],'authorId':h[1],'entityType':h[2],'entityId':h[3],'merged':h[4],'fields':[{'name':n,'value':plain(v)} for n,v in f]} for h,f in changes]
import os
out=sys.argv[1]; os.makedirs(out,exist_ok=True)
# long ones would bloat the repository: only their sizes matter, and gzip of the whole is small
import gzip
def w(name,data): 
    with open(os.path.join(out,name),'wb') as f: f.write(gzip.compress(data,9,mtime=0))
w('batch-arrays.msgpack.gz',arrays); w('batch-maps.msgpack.gz',maps)
w('manifest-a.msgpack.gz',pk(dict(sorted(manifest_a.items())))); w('manifest-b.msgpack.gz',pk(manifest_b))
w('change.msgpack.gz',pk([changes[-4][0],changes[-4][1]]))
odd=[[[cid(500),A,'Odd','o',True],[['z',True],['a',1.5],['f32',None],['u64',2**64-1],['list',[1,[2,{'x':3}]]],['map',{'k':'v'}],['bad',None],['ext',msgpack.ExtType(5,b'abc')],['z',False]]]]
raw=pk(odd).replace(b'\xa3f32\xc0', b'\xa3f32\xca\x3f\x80\x00\x00').replace(b'\xa3bad\xc0', b'\xa3bad\xa2\xff\xfe')
w('batch-odd.msgpack.gz',raw)
w('expected.json.gz',json.dumps(expected).encode())
